import type { Field, Tab } from 'payload'

export function seoTab(): Tab {
  return { name: 'meta', label: 'SEO', fields: [{ name: 'image', type: 'upload', relationTo: 'media' }] }
}

export const tabs = (all: Tab[]): Field => ({ type: 'tabs', tabs: all })

export function withGroup(name: string, fields: Field[]): Field {
  return { name, type: 'group', fields }
}
