import type { ArrayField, Field } from 'payload';
import deepMerge from './deepMerge';
import { link, type LinkAppearances } from './link';

type LinkGroupType = (options?: { appearances?: LinkAppearances[] | false; overrides?: Partial<ArrayField> }) => Field;

export const linkGroup: LinkGroupType = ({ appearances, overrides = {} } = {}) => {
  const generated: Field = { name: 'links', type: 'array', fields: [link({ appearances })] };
  return deepMerge(generated, overrides);
};
