import type { CollectionConfig } from 'payload'
export declare const Posts: CollectionConfig
