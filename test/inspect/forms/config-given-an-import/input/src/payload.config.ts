import { buildConfig } from 'payload'
import { config } from './cms/config'

export default buildConfig(config)
