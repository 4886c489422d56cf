import type { GlobalConfig } from 'payload';
import { link } from './fields/link';

export const Header: GlobalConfig = {
  slug: 'header',
  fields: [{ name: 'navItems', type: 'array', fields: [link({ appearances: false })] }],
};
export const Footer: GlobalConfig = { slug: 'footer', fields: [{ name: 'note', type: 'text' }] };
