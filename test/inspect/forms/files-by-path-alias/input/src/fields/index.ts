import type { Field } from 'payload'

export const title: Field = { name: 'title', type: 'text', unique: true }
