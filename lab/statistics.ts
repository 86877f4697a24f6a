/** The few statistics that demo, benches and tests need. */

/** @param share 0 to 1; @returns 0 for no values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0]
  return (low + high) / 2
}

/**
 * Pearson's chi-squared test: how likely counts at least this uneven are, if `shares` are true.
 * @param shares relative, one per count, all above zero
 */
export function chiSquaredP(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const whole = shares.reduce((sum, share) => sum + share, 0)
  let statistic = 0
  counts.forEach((count, i) => {
    const expected = (total * (shares[i] ?? 0)) / whole
    statistic += (count - expected) ** 2 / expected
  })
  return upperGamma((counts.length - 1) / 2, statistic / 2)
}

/** Q(a, x), the regularised upper incomplete gamma function: by its series below a + 1, by a continued fraction above. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-15; n++) {
      term *= x / (a + n)
      sum += term
    }
    return 1 - sum * scale
  }
  // Lentz's method; tiny stands for zero, which the method cannot divide by.
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let fraction = d
  for (let n = 1; n < 1000; n++) {
    const numerator = -n * (n - a)
    b += 2
    d = 1 / (numerator * d + b || tiny)
    c = b + numerator / c || tiny
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return fraction * scale
}

/** Stirling's series, after the argument was raised to where it converges. */
function logGamma(value: number): number {
  let x = value
  let shift = 0
  for (; x < 10; x++) shift += Math.log(x)
  const inverse = 1 / x
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - shift
}
