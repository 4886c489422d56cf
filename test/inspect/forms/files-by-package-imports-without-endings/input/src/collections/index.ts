import { Posts } from '#payload/collections/Posts'

export const collections = [Posts]
