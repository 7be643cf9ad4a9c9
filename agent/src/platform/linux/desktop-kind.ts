import { readFile } from 'node:fs/promises';
import { displaySocket } from './x11-connection.ts';

const BY_SERVER: Record<string, string> = {
  Xvnc: 'vnc',
  Xtigervnc: 'vnc',
  Xvfb: 'x11',
  Xorg: 'x11',
  Xwayland: 'wayland',
  nxagent: 'nx',
  x2goagent: 'nx',
};

/** Kind of desktop session, told by the X server behind the display (agent.md §9) and the environment. */
export async function desktopKind(env: NodeJS.ProcessEnv, display: string): Promise<string> {
  if (env['XRDP_SESSION'] !== undefined) return 'rdp';
  if (env['WAYLAND_DISPLAY'] !== undefined || env['XDG_SESSION_TYPE'] === 'wayland') return 'wayland';
  if (display === '') return 'headless';
  const server = await serverName(display);
  return BY_SERVER[server] ?? 'x11';
}

async function serverName(display: string): Promise<string> {
  const number = /X(\d+)$/.exec(displaySocket(display) ?? '')?.[1];
  if (number === undefined) return '';
  const pid = Number(await readFile(`/tmp/.X${number}-lock`, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return '';
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
}
