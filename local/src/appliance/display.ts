import { execFileSync } from 'node:child_process';

/** Whether an X server answers on a display and lets us in. */
export function displayWorks(display: string | undefined): boolean {
  if (display === undefined || display === '') return false;
  try {
    execFileSync('xprop', ['-display', display, '-root', '_NET_SUPPORTED'], {
      stdio: 'ignore',
      timeout: 3000,
    });
    return true;
  } catch {
    return false;
  }
}
