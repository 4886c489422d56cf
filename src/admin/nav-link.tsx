'use client';
/** The link to the view, below the others. */
import { Link } from '@payloadcms/ui';
import { usePathname } from 'next/navigation.js';

/** The link to the view; no link while it is shown. */
export function NavLink({ href, label }: { href: string; label: string }) {
  const isShown = usePathname() === href;
  const text = (
    <>
      {isShown && <div className="nav__link-indicator" />}
      <span className="nav__link-label">{label}</span>
    </>
  );
  if (isShown) {
    return (
      <div className="nav__link" id="nav-payload-cache">
        {text}
      </div>
    );
  }
  return (
    <Link className="nav__link" href={href} id="nav-payload-cache" prefetch={false}>
      {text}
    </Link>
  );
}
