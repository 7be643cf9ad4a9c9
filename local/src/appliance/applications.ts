import { applicationSettingsSchema, type ApplicationSettings } from '@process-meter/contract';

const MINUTE = 60_000;

/** Short limits, so that a visitor of the demonstration sees every state within two minutes. */
const DEMO_LIMITS = { inactiveAfterMs: 10_000, timeoutAfterMs: MINUTE };

/** What the demonstration desktop runs. */
export const demoApplications: readonly ApplicationSettings[] = [
  { name: 'Mousepad', rules: [{ executable: 'mousepad' }], ...DEMO_LIMITS },
  { name: 'Geany', rules: [{ executable: 'geany' }], ...DEMO_LIMITS },
  { name: 'Terminal editor', rules: [{ executable: 'xterm' }], ...DEMO_LIMITS },
].map((settings) => applicationSettingsSchema.parse(settings));

/** Applications often found on engineers' and office desktops, to begin with on a machine of one's own. */
export const usualApplications: readonly ApplicationSettings[] = [
  { name: 'LibreOffice', rules: [{ executable: 'soffice.bin' }] },
  { name: 'Firefox', rules: [{ executable: 'firefox*' }] },
  { name: 'Chromium', rules: [{ executable: 'chromium*' }, { executable: 'chrome' }] },
  { name: 'Visual Studio Code', rules: [{ executable: 'code' }, { executable: 'codium' }] },
  { name: 'GIMP', rules: [{ executable: 'gimp*' }] },
  { name: 'Inkscape', rules: [{ executable: 'inkscape' }] },
  { name: 'FreeCAD', rules: [{ executable: 'freecad*' }] },
  { name: 'LibreCAD', rules: [{ executable: 'librecad' }] },
  { name: 'Blender', rules: [{ executable: 'blender' }], countBusyAsActive: true },
  { name: 'MATLAB', rules: [{ executable: 'matlab' }], countBusyAsActive: true },
  {
    name: 'Text editor',
    rules: [
      { executable: 'gedit' },
      { executable: 'gnome-text-editor' },
      { executable: 'mousepad' },
      { executable: 'kate' },
    ],
  },
  {
    name: 'PDF viewer',
    rules: [
      { executable: 'evince' },
      { executable: 'okular' },
      { executable: 'papers' },
      { executable: 'zathura' },
    ],
  },
].map((settings) => applicationSettingsSchema.parse(settings));
