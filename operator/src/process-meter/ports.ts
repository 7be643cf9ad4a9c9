/** The ports of the servers in a URI such as `postgres://user:password@one:5432,two/meter`, each once. */
export function portsIn(uri: string, byDefault: number): number[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1] ?? '';
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const ports = hosts.map((host) => Number(/:([0-9]{1,5})$/.exec(host)?.[1] ?? byDefault));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}
