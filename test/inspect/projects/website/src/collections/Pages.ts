import type { CollectionConfig } from 'payload';
import { defaults, withTenant } from '../fields/defaults';
import { slugField } from '../fields/slug';

const Pages: CollectionConfig = withTenant({
  ...defaults,
  slug: 'pages',
  fields: [...slugField('title', { slugOverrides: { unique: false, index: true } }), ...defaults.fields],
});

export default Pages;
