import type { Plugin } from 'payload'

export const readingTime = (): Plugin => (config) => config
