import { makeConfig } from './makeConfig'

export default makeConfig({ databaseURL: 'file:./site.db' })
