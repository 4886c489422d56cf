import type { Field, GroupField } from 'payload';
import deepMerge from './deepMerge';

export type LinkAppearances = 'default' | 'outline';
export const appearanceOptions: Record<LinkAppearances, { label: string; value: string }> = {
  default: { label: 'Default', value: 'default' },
  outline: { label: 'Outline', value: 'outline' },
};

type LinkType = (options?: {
  appearances?: LinkAppearances[] | false;
  disableLabel?: boolean;
  overrides?: Partial<GroupField>;
}) => Field;

export const link: LinkType = ({ appearances, disableLabel = false, overrides = {} } = {}) => {
  const linkResult: GroupField = {
    name: 'link',
    type: 'group',
    admin: { hideGutter: true },
    fields: [
      {
        type: 'row',
        fields: [
          { name: 'type', type: 'radio', options: ['reference', 'custom'] },
          { name: 'newTab', type: 'checkbox' },
        ],
      },
    ],
  };

  const linkTypes: Field[] = [
    { name: 'reference', type: 'relationship', relationTo: ['pages', 'posts'] },
    { name: 'url', type: 'text' },
  ];

  if (!disableLabel) {
    linkResult.fields.push({
      type: 'row',
      fields: [...linkTypes.map((linkType) => ({ ...linkType, admin: { width: '50%' } }) as Field), { name: 'label', type: 'text' }],
    });
  } else {
    linkResult.fields = [...linkResult.fields, ...linkTypes];
  }

  if (appearances !== false) {
    let appearanceOptionsToUse = [appearanceOptions.default, appearanceOptions.outline];
    if (appearances) {
      appearanceOptionsToUse = appearances.map((appearance) => appearanceOptions[appearance]);
    }
    linkResult.fields.push({ name: 'appearance', type: 'select', options: appearanceOptionsToUse });
  }

  return deepMerge(linkResult, overrides);
};
