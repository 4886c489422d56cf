import type { Field, GroupField } from 'payload'

export const slug = (fieldToUse = 'title'): Field[] => [
  { name: 'slug', type: 'text', index: true, unique: true, label: `Slug of ${fieldToUse}` },
  { name: 'slugLock', type: 'checkbox', defaultValue: true },
]

export const link = ({ name = 'link', appearances = true }: { name?: string; appearances?: boolean } = {}): Field => {
  const result: GroupField = { name, type: 'group', fields: [{ name: 'url', type: 'text' }] }
  result.fields = [...result.fields, { name: 'reference', type: 'relationship', relationTo: ['pages', 'posts'] }]
  if (appearances) {
    result.fields.push({ name: 'appearance', type: 'select', options: ['button', 'plain'] })
  }
  return result
}
