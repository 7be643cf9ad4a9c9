/** Text of a property: UTF-8 where it is valid (also in WM_NAME, where some programs put it), else Latin-1. */
export function decodeText(data: Buffer): string {
  const end = data.indexOf(0);
  const bytes = end === -1 ? data : data.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

/** The class part of WM_CLASS: `instance\0class\0`. */
export function decodeClass(data: Buffer): string {
  const [instance = '', className] = data.toString('utf8').split('\0');
  return className === undefined || className === '' ? instance : className;
}

/** 32-bit values of a property. */
export function decodeCardinals(data: Buffer): number[] {
  return Array.from({ length: data.length >> 2 }, (_, i) => data.readUInt32LE(i * 4));
}
