import type { CollectionConfig } from 'payload'

export default <CollectionConfig>{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }
