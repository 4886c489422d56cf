import type { CheckboxField, TextField } from 'payload';

type Overrides = { slugOverrides?: Partial<TextField>; checkboxOverrides?: Partial<CheckboxField> };
type Slug = (fieldToUse?: string, overrides?: Overrides) => [TextField, CheckboxField];

export const slugField: Slug = (fieldToUse = 'title', overrides = {}) => {
  const { slugOverrides, checkboxOverrides } = overrides;
  const checkBoxField: CheckboxField = { name: 'slugLock', type: 'checkbox', defaultValue: true, ...checkboxOverrides };
  // @ts-expect-error - partial text fields are not assignable
  const slug: TextField = {
    name: 'slug',
    type: 'text',
    index: true,
    unique: true,
    ...(slugOverrides || {}),
    hooks: { beforeValidate: [() => fieldToUse] },
  };
  return [slug, checkBoxField];
};
