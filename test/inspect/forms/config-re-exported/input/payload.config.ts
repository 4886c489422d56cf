export { default } from './src/payload.config'
