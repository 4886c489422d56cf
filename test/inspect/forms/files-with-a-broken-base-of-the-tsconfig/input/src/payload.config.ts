import { buildConfig } from 'payload'
import { Posts } from '@/Posts'

export default buildConfig({ secret: 'x', collections: [Posts], db: undefined as never })
