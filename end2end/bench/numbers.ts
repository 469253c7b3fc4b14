/** Numbers, and how they are told. */

export interface Row {
  readonly what: string;
  readonly how: string;
  readonly unit: 'ms' | 'kB';
  readonly values: readonly number[];
}

/** The value below which this part of all values lies; 0.5 is the median. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

/** A markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, how, unit, values }) => {
    const tell = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
    const [median, p95] = [quantile(values, 0.5), quantile(values, 0.95)].map(tell);
    return `| ${what} | ${median} | ${values.length > 1 ? p95 : ''} | ${how} |`;
  });
  return ['| What | Median | p95 | How |', '| --- | ---: | ---: | --- |', ...lines, ''].join('\n');
}
