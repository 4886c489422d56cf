import { cmsConfig } from '@acme/cms'
import { buildConfig } from 'payload'

export default buildConfig(
  cmsConfig({
    database: 'file:./site.db',
  }),
)
