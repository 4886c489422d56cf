import { PATH } from '../runtime/observe/admin-view.js';
import { adminPath, type ComponentProps, observationFor, requestFor } from './looker.js';
import { NavLink } from './nav-link.js';
import { textsOf } from './texts/texts.js';

/** The link to the view, for those who may see it. */
export async function CacheNavLink(props: ComponentProps) {
  const { payload, i18n } = props;
  if (!(await observationFor(await requestFor(props)))) return null;
  return <NavLink href={adminPath(payload, PATH)} label={textsOf(payload, i18n.language).title} />;
}
