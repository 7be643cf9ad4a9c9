/** Texts of the chart of Concurrent Use that do not depend on its figures. */
export const chartWords = {
  earlier: 'Earlier',
  later: 'Later',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  widest: '90 days',
  ladder: 'Zoom',
  plotHelp:
    'Chart. Arrow keys walk through it, Enter opens the sessions of that moment, plus and minus zoom.',
  complete: 'complete',
  dailyPeak: 'daily peak',
  daily: 'Peak of each of 90 days. Choose a day to open it.',
  emptyNext: 'Show 90 days',
  allSessions: 'All sessions of this time',
  whichAgents: 'Which agents',
  app: 'Application',
} as const;
