import type { CollectionConfig } from 'payload';
import { MEDIA } from '../slugs';

export const Media: CollectionConfig = { slug: MEDIA, upload: true, fields: [{ name: 'alt', type: 'text' }] };
const people: CollectionConfig = { slug: 'users', auth: { useAPIKey: true, verify: true }, fields: [] };
export { people as Users };
