import type { Plugin } from 'payload'

export const audit: Plugin = (config) => config
