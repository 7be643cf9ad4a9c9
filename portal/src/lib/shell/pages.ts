import { common } from '#lib/i18n/common.ts';
import type { IconName } from '#lib/ui/icons.ts';

export interface PageLink {
  readonly href: string;
  readonly text: string;
  readonly icon: IconName;
  readonly pages?: readonly { readonly href: string; readonly text: string }[];
}

/** The pages there are, in the order of the navigation. */
export const PAGES: readonly PageLink[] = [
  { href: '/', text: common.pages.overview, icon: 'overview' },
  {
    href: '/use/concurrent',
    text: common.pages.use,
    icon: 'use',
    pages: [
      { href: '/use/concurrent', text: common.pages.concurrent },
      { href: '/use/sessions', text: common.pages.sessions },
    ],
  },
  {
    href: '/administration/agents',
    text: common.pages.administration,
    icon: 'administration',
    pages: [
      { href: '/administration/agents', text: common.pages.agents },
      { href: '/administration/applications', text: common.pages.applications },
      { href: '/administration/health', text: common.pages.health },
      { href: '/administration/rejected', text: common.pages.rejected },
    ],
  },
];

/** True when a page or one below it is open. */
export function isOpen(href: string, pathname: string): boolean {
  return pathname === href || (href !== '/' && pathname.startsWith(`${href}/`));
}
