export interface RandomSource {
  below(limit: number): number;
  pick<T>(items: ArrayLike<T>): T;
  cut(octets: Buffer, maxPieces?: number): Buffer[];
}
export function randomSource(seed: number): RandomSource;
