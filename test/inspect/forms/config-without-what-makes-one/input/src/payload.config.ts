import { buildConfig, type Plugin } from 'payload'

export const build = buildConfig

export default { plugins: [] as Plugin[], onInit: () => undefined }
