import type { Cookies } from '@sveltejs/kit';

const nameAndValue = /^\s*([^=;\s]+)=([^;]*)/;

/** Hands the Manager's session cookie on to the browser, always out of reach of scripts and of other sites. */
export function passSessionCookie(headers: readonly string[], cookies: Cookies, secure: boolean): boolean {
  for (const header of headers) {
    const [, name, value = ''] = nameAndValue.exec(header) ?? [];
    if (name !== 'pm_session') continue;
    const maxAge = /;\s*max-age=(\d+)/i.exec(header)?.[1];
    cookies.set(name, decodeURIComponent(value), {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure,
      ...(maxAge === undefined ? {} : { maxAge: Number(maxAge) }),
    });
    return true;
  }
  return false;
}
