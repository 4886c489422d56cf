import { title } from './title';

export const posts = {
  slug: 'posts',
  fields: [title, { name: 'body', type: 'textarea' }, { name: 'tag', type: 'text' }],
};

export const pages = { slug: 'pages', fields: [title, { name: 'body', type: 'textarea' }] };
export const notes = { slug: 'notes', fields: [title, { name: 'body', type: 'textarea' }] };
