/** A site in the shape of Payload's website template: hooks that revalidate, queries behind `unstable_cache`. */
import type { SiteFiles } from '../../../src/inspect/site-files.js';

/** A hook of a collection in whose body `body` stands. */
export const hookWith = (body: string, parameter = '{ doc, previousDoc, req: { payload, context } }') =>
  `import type { CollectionAfterChangeHook } from 'payload'

import { revalidatePath, revalidateTag } from 'next/cache'

export const refreshBook: CollectionAfterChangeHook = (${parameter}) => {
  ${body}
}
`;

export const REFRESH_BOOK = `import type { CollectionAfterChangeHook, CollectionAfterDeleteHook } from 'payload'

import { revalidatePath, revalidateTag } from 'next/cache'

import type { Book } from '../../payload-types'

export const refreshBook: CollectionAfterChangeHook<Book> = ({
  doc,
  previousDoc,
  req: { payload, context },
}) => {
  if (!context.quiet) {
    if (doc._status === 'published') {
      const address = doc.slug === 'first' ? '/' : \`/books/\${doc.slug}\`

      payload.logger.info(\`The book at \${address} is new\`)

      revalidatePath(address)
      revalidateTag('shelf', 'max')
    }

    // It was there, and is no longer
    if (previousDoc?._status === 'published' && doc._status !== 'published') {
      const gone = \`/books/\${previousDoc.slug}\`

      payload.logger.info(\`The book at \${gone} has gone\`)

      revalidatePath(gone)
      revalidateTag('shelf', 'max')
    }
  }
  return doc
}

export const refreshGone: CollectionAfterDeleteHook<Book> = ({ doc, req: { context } }) => {
  if (!context.quiet) {
    revalidatePath(\`/books/\${doc?.slug}\`)
    revalidateTag('shelf', 'max')
  }

  return doc
}
`;

export const REFRESH_MENU = `import type { GlobalAfterChangeHook } from 'payload'

import { revalidateTag } from 'next/cache.js'

export const refreshMenu: GlobalAfterChangeHook = ({ doc, req: { payload } }) => {
  payload.logger.info('The menu is new')

  revalidateTag('global_menu')

  return doc
}
`;

export const BOOKS = `import type { CollectionConfig } from 'payload'

import { signed } from '../hooks/signed'
import { refreshBook, refreshGone } from '../hooks/refreshBook'

export const Books: CollectionConfig<'books'> = {
  slug: 'books',
  fields: [{ name: 'slug', type: 'text' }],
  hooks: {
    afterChange: [refreshBook],
    beforeChange: [signed],
    afterDelete: [refreshGone],
  },
  versions: { drafts: true },
}
`;

export const MENU = `import type { GlobalConfig } from 'payload'

import { refreshMenu } from './hooks/refreshMenu'

export const Menu: GlobalConfig = {
  slug: 'menu',
  fields: [],
  hooks: {
    afterChange: [refreshMenu],
  },
  versions: false,
}
`;

export const PLUGINS = `import { redirectsPlugin } from '@payloadcms/plugin-redirects'
import { Plugin } from 'payload'
import { refreshRedirects } from '@/hooks/refreshRedirects'

export const plugins: Plugin[] = [
  redirectsPlugin({
    collections: ['books'],
    overrides: {
      // @ts-expect-error - fields do not resolve to the same type
      fields: ({ defaultFields }) => {
        return defaultFields
      },
      hooks: {
        afterChange: [refreshRedirects],
      },
    },
  }),
]
`;

export const GLOBALS = `import type { Config } from '@/payload-types'

import configPromise from '@payload-config'
import { type DataFromGlobalSlug, getPayload } from 'payload'
import { unstable_cache } from 'next/cache'

type Name = keyof Config['globals']

async function readGlobal<T extends Name>(slug: T, depth = 0): Promise<DataFromGlobalSlug<T>> {
  const payload = await getPayload({ config: configPromise })

  const found = await payload.findGlobal({
    slug,
    depth,
    overrideAccess: true,
  })

  return found
}

/**
 * An unstable_cache function with the tag of the global
 */
export const keptGlobal = <T extends Name>(slug: T, depth = 0) =>
  unstable_cache(async () => readGlobal<T>(slug, depth), [slug], {
    tags: [\`global_\${slug}\`],
  })
`;

export const DOCUMENT = `import type { Config } from 'src/payload-types'

import config from '@payload-config'
import { getPayloadHMR } from '@payloadcms/next/utilities'
import { unstable_cache } from 'next/cache'

type Collection = keyof Config['collections']

async function readDocument(collection: Collection, slug: string, depth = 0) {
  const payload = await getPayloadHMR({ config })

  const list = await payload.find({
    collection,
    depth,
    where: {
      slug: {
        equals: slug,
      },
    },
  })

  return list.docs[0]
}

export const keptDocument = (collection: Collection, slug: string) =>
  unstable_cache(async () => readDocument(collection, slug), [collection, slug], {
    tags: [\`\${collection}_\${slug}\`],
  })
`;

export const REDIRECTS = `import config from '@payload-config'
import { getPayload } from 'payload'
import { unstable_cache } from 'next/cache'

export async function readRedirects(depth = 1) {
  const payload = await getPayload({ config })

  const { docs: redirects } = await payload.find({
    collection: 'redirects',
    depth,
    limit: 0,
    pagination: false,
  })

  return redirects
}

export const keptRedirects = () =>
  unstable_cache(async () => readRedirects(), ['redirects'], {
    tags: ['redirects'],
  })
`;

export const SHELF = `import { getServerSideSitemap } from 'next-sitemap'
import { getPayload } from 'payload'
import config from '@payload-config'
import { unstable_cache } from 'next/cache'

const readShelf = unstable_cache(
  async () => {
    const payload = await getPayload({ config })
    const address =
      process.env.SITE_ADDRESS ||
      'https://books.example'

    const list = await payload.find({
      collection: 'books',
      draft: false,
      depth: 0,
      where: {
        _status: {
          equals: 'published',
        },
      },
    })

    const today = new Date().toISOString()

    const entries = list.docs
      ? list.docs
          .filter((book) => Boolean(book?.slug))
          .map((book) => ({
            loc: \`\${address}/books/\${book?.slug}\`,
            lastmod: book.updatedAt || today,
          }))
      : []

    const always = [{ loc: \`\${address}/\`, lastmod: today }]

    return [...always, ...entries]
  },
  ['shelf'],
  {
    tags: ['shelf'],
  },
)

export async function GET() {
  const shelf = await readShelf()

  return getServerSideSitemap(shelf)
}
`;

/** The source files of the whole site. */
export const SITE: Readonly<Record<string, string>> = {
  'src/hooks/refreshBook.ts': REFRESH_BOOK,
  'src/hooks/signed.ts': 'export const signed = ({ data }) => ({ ...data, signed: true })\n',
  'src/hooks/refreshRedirects.ts': REFRESH_MENU.replaceAll('refreshMenu', 'refreshRedirects')
    .replaceAll('Global', 'Collection')
    .replace("'global_menu'", "'redirects', 'max'"),
  'src/Menu/hooks/refreshMenu.ts': REFRESH_MENU,
  'src/Menu/config.ts': MENU,
  'src/collections/Books.ts': BOOKS,
  'src/plugins.ts': PLUGINS,
  'src/utilities/globals.ts': GLOBALS,
  'src/utilities/document.ts': DOCUMENT,
  'src/utilities/redirects.ts': REDIRECTS,
  'src/app/shelf.xml/route.ts': SHELF,
};

/** Where the imports of {@link SITE} lead. */
const TARGETS: Readonly<Record<string, string>> = {
  '../hooks/refreshBook': 'src/hooks/refreshBook.ts',
  './hooks/refreshMenu': 'src/Menu/hooks/refreshMenu.ts',
  '@/hooks/refreshRedirects': 'src/hooks/refreshRedirects.ts',
};

/** Files as they are read; imports lead where they lead in {@link SITE}. */
export function siteOf(texts: Readonly<Record<string, string>>): SiteFiles {
  return Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, { text, imports: TARGETS }]));
}
