import type { CollectionConfig, Field } from 'payload'

interface Options {
  fields?: Field[]
  drafts?: boolean
}

export const createCollection = (slug: string, { fields = [], drafts = false }: Options = {}): CollectionConfig => ({
  slug,
  versions: drafts ? { drafts: true } : false,
  fields: [{ name: 'title', type: 'text', index: true }, ...fields],
})
