export * from './Media'
export { default as Posts } from './Posts'
export { Users } from './Users'
