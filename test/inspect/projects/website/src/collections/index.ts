export * from './Posts';
export { default as Pages } from './Pages';
export { Media, Users } from './rest';
