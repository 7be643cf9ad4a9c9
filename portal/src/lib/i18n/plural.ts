const rules = new Intl.PluralRules('en-GB');
const numbers = new Intl.NumberFormat('en-GB');

export interface Forms {
  readonly zero?: string;
  readonly one: string;
  readonly other: string;
}

/** Chooses the whole text by the plural rule of the language and sets the grouped number at `#`. */
export function plural(value: number, forms: Forms): string {
  if (value === 0 && forms.zero !== undefined) return forms.zero;
  const form = rules.select(value) === 'one' ? forms.one : forms.other;
  return form.replaceAll('#', numbers.format(value));
}
