import type { Access, CollectionConfig, FieldAccess, GlobalConfig, PayloadRequest, Where } from 'payload';

/**
 * The site that people use: articles of two tenants, with drafts, fields that not everybody may read, and pages that
 * bring one along with the other. Articles have no virtual field along a relation: Payload waits for ever where it
 * populates two of them at once.
 */

interface Person {
  role?: 'admin' | 'editor' | 'member';
  tenant?: number | string | { id: number | string } | null;
}

const personOf = ({ user }: PayloadRequest): Person => (user ?? {}) as Person;

function tenantOf({ tenant }: Person): number | string | undefined {
  return typeof tenant === 'object' ? tenant?.id : tenant;
}

const isAdmin: Access = ({ req }) => personOf(req).role === 'admin';
const published: Where = { and: [{ _status: { equals: 'published' } }, { isOpen: { equals: true } }] };

/** Visitors read what is published and open, members what is published, editors all of their tenant, too. */
const readArticles: Access = ({ req }) => {
  const person = personOf(req);
  if (person.role === 'admin') return true;
  if (person.role === 'member') return { _status: { equals: 'published' } };
  const tenant = tenantOf(person);
  return tenant === undefined ? published : { or: [published, { tenant: { equals: tenant } }] };
};

const ownArticles: Access = ({ req }) => {
  const person = personOf(req);
  if (person.role === 'admin') return true;
  const tenant = tenantOf(person);
  return person.role === 'editor' && tenant !== undefined ? { tenant: { equals: tenant } } : false;
};

const forMembers: FieldAccess = ({ req }) => ['admin', 'member'].includes(personOf(req).role ?? '');
const forAdmins: FieldAccess = ({ req }) => personOf(req).role === 'admin';
const forOwners: FieldAccess = ({ req, doc }) => {
  const person = personOf(req);
  return person.role === 'admin' || (tenantOf(person) !== undefined && doc?.id === tenantOf(person));
};

/** New each time, since Payload sanitises a config in place. */
export const collections = (): CollectionConfig[] => [
  {
    slug: 'articles',
    access: {
      read: readArticles,
      readVersions: ownArticles,
      create: ({ req }) => ['admin', 'editor'].includes(personOf(req).role ?? ''),
      update: ownArticles,
      delete: ownArticles,
    },
    versions: { drafts: true, maxPerDoc: 5 },
    fields: [
      { name: 'title', type: 'text', localized: true },
      { name: 'slug', type: 'text', required: true, unique: true, index: true },
      { name: 'isOpen', type: 'checkbox', defaultValue: true },
      { name: 'tenant', type: 'relationship', relationTo: 'tenants', index: true },
      { name: 'related', type: 'relationship', relationTo: 'articles', hasMany: true },
      { name: 'price', type: 'number', access: { read: forMembers } },
      {
        name: 'parts',
        type: 'array',
        fields: [
          { name: 'text', type: 'text' },
          { name: 'source', type: 'relationship', relationTo: 'tenants' },
        ],
      },
    ],
  },
  {
    slug: 'tenants',
    access: { read: () => true, create: isAdmin, update: isAdmin, delete: isAdmin },
    fields: [
      { name: 'name', type: 'text' },
      { name: 'contract', type: 'text', access: { read: forOwners } },
      {
        name: 'articles',
        type: 'join',
        collection: 'articles',
        on: 'tenant',
        defaultSort: 'slug',
        defaultLimit: 4,
      },
    ],
  },
  {
    slug: 'users',
    auth: { tokenExpiration: 86_400 },
    access: { read: ({ req }) => Boolean(req.user) },
    fields: [
      { name: 'role', type: 'select', options: ['admin', 'editor', 'member'], saveToJWT: true },
      { name: 'tenant', type: 'relationship', relationTo: 'tenants', saveToJWT: true },
    ],
  },
];

export const globals = (): GlobalConfig[] => [
  {
    slug: 'settings',
    access: { read: () => true, update: isAdmin },
    fields: [
      { name: 'headline', type: 'text', localized: true },
      { name: 'internal', type: 'text', access: { read: forAdmins } },
      { name: 'first', type: 'relationship', relationTo: 'articles' },
    ],
  },
];
