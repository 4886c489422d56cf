import config from './cms'

export default config
