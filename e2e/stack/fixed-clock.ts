// Loaded before a program (`node --import`): its clock stands still at PM_FIXED_NOW.
const now = Number(process.env['PM_FIXED_NOW']);

globalThis.Date = new Proxy(Date, {
  construct: (target, parts, made) => Reflect.construct(target, parts.length === 0 ? [now] : parts, made),
  get: (target, name) => (name === 'now' ? () => now : Reflect.get(target, name)),
});
