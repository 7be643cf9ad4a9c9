import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A document of the demonstration: a real file that a real program opens. */
export interface Paper {
  file: string;
  program: 'mousepad' | 'geany' | 'nano';
  beginning: string;
  /** What is typed into it, a piece at a time. */
  phrases: readonly string[];
}

const LONGEST = 16 * 1024;

export const papers: readonly Paper[] = [
  {
    file: 'Pump housing - test report.txt',
    program: 'mousepad',
    beginning: 'Test report, pump housing\n\nSeries C, pressure test at 16 bar.\n\n',
    phrases: [
      'The housing held 16 bar for thirty minutes without a visible leak. ',
      'Surface temperature rose from 21 to 34 degrees. ',
      'Seal B shows light wear on the inner edge; replace it before the next series. ',
      'Vibration stayed below 2.8 mm/s over the whole range. ',
    ],
  },
  {
    file: 'Offer 2071 - conveyor line.txt',
    program: 'mousepad',
    beginning: 'Offer 2071\n\nConveyor line, 42 m, two drives.\n\n',
    phrases: [
      'Delivery in week 14, assembly takes six working days. ',
      'The second drive is optional and can be added later. ',
      'Spare parts for two years are included. ',
      'Please confirm the height of the transfer point. ',
    ],
  },
  {
    file: 'Minutes of the design review.txt',
    program: 'mousepad',
    beginning: 'Minutes of the design review\n\n',
    phrases: [
      'The bracket gets a larger radius at the lower flange. ',
      'Drawing 118 is released, drawing 119 waits for the tolerance study. ',
      'Next review on Thursday, same room. ',
    ],
  },
  {
    file: 'bracket_stress.py',
    program: 'geany',
    beginning: '# Stress in the bracket, by hand\n\n',
    phrases: [
      '# section modulus of the flange in mm3\n',
      '# force at the tip is 1200 N, lever 84 mm\n',
      '# yield of the material is 355 MPa\n',
      '# the margin has to stay above two\n',
    ],
  },
  {
    file: 'convert_units.py',
    program: 'geany',
    beginning: '# Units of the measuring bench\n\n',
    phrases: ['# bar into pascal\n', '# inch into millimetre\n', '# round only when printing\n'],
  },
  {
    file: 'mesh-settings.cfg',
    program: 'nano',
    beginning: '# Mesh settings, bracket\nelement_size = 2.5\n',
    phrases: [
      'refine = flange, 0.8\n',
      '# coarse run first\n',
      'growth_rate = 1.2\n',
      'max_elements = 900000\n',
    ],
  },
  {
    file: 'load-cases.inp',
    program: 'nano',
    beginning: '** Load cases, bracket\n',
    phrases: ['LOAD, 1, FY, -1200\n', 'LOAD, 2, FX, 400\n', '** wind from the side\n', 'COMBINE, 3, 1, 2\n'],
  },
];

/** Lays the files out. One that typing has made long begins anew, so that an endless desktop does not fill the disk. */
export function layOut(dir: string, paper: Paper): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, paper.file);
  if (!existsSync(path) || statSync(path).size > LONGEST) writeFileSync(path, paper.beginning);
  return path;
}
