/** Texts of the table of Concurrent Use that do not depend on its figures. */
export const tableWords = {
  title: 'The same figures as a table',
  averages: 'Averages over each step; peak is the largest number open at one instant',
  from: 'From',
  bar: 'Average by state',
  open: 'Open',
  peak: 'Peak',
  complete: 'Complete',
  step: 'Step of the table and the chart',
} as const;
