/** What every bench gives back: a measurement, the floor it is held against and the bar it has to meet. */
export interface BenchResult {
  id: string;
  measure: string;
  ours: number;
  floor: number;
  unit: string;
  ratio: number;
  bar: string;
  pass: boolean;
  note?: string;
}
