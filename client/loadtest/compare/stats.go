package compare

import (
	"cmp"
	"math"
	"slices"
)

// tail returns the probability that a normal variable is z or more from zero.
func tail(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// ranks returns the rank of each value, from 1. Equal values get the mean of their
// ranks. ties is the sum of t³-t over the groups of t equal values.
func ranks(v []float64) (r []float64, ties float64) {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(v[i], v[j]) })
	r = make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			r[k] = float64(i+j+1) / 2
		}
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	return r, ties
}

// mannWhitney returns the two-sided p-value of the U test of two samples. Each sample
// consists of parts, whose values are in order of time. The test uses the normal
// approximation, corrected for ties and for continuity. The variance is widened by
// the correlation of neighbours in a part; otherwise each second of a slow drift
// would count as independent.
func mannWhitney(a, b [][]float64) float64 {
	all := slices.Concat(slices.Concat(a...), slices.Concat(b...))
	r, ties := ranks(all)
	n, m := float64(length(a)), float64(length(b))
	sum := 0.0
	for _, x := range r[:length(a)] {
		sum += x
	}
	u := sum - n*(n+1)/2
	total := n + m
	variance := n * m / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 { // all values are equal
		return 1
	}
	var parts [][]float64
	for _, p := range slices.Concat(a, b) {
		parts = append(parts, r[:len(p)])
		r = r[len(p):]
	}
	variance *= designEffect(parts)
	distance := max(0, math.Abs(u-n*m/2)-0.5)
	return tail(distance / math.Sqrt(variance))
}

// designEffect returns the number of values of autocorrelated series that carry as
// much information as one independent value: (1+ρ)/(1-ρ) with ρ the correlation of
// neighbours, as in an AR(1) process. It is at least 1. By the null hypothesis, all
// parts vary about one mean, so the denominator of ρ uses the common mean: parts that
// lie far apart make ρ smaller, even if their neighbours are alike.
func designEffect(parts [][]float64) float64 {
	all := slices.Concat(parts...)
	n, centre := float64(len(all)), mean(all)
	square, product, series := 0.0, 0.0, 0.0
	for _, x := range all {
		square += (x - centre) * (x - centre)
	}
	for _, p := range parts {
		if len(p) > 1 {
			series++
		}
		centre := mean(p)
		for i := 1; i < len(p); i++ {
			product += (p[i] - centre) * (p[i-1] - centre)
		}
	}
	if square == 0 {
		return 1
	}
	rho := product / square
	// correct the bias of short series, in which ρ comes out too small
	rho += (1 + 4*max(rho, 0)) * series / n
	rho = min(max(rho, 0), 0.95)
	return (1 + rho) / (1 - rho)
}

// twoProportions returns the two-sided p-value of the z test, with the pooled
// variance and Yates's correction, that x of n and y of m come from one share.
// dispersion is the factor by which the counts vary more than independent calls.
func twoProportions(x, n, y, m, dispersion float64) float64 {
	p := (x + y) / (n + m)
	variance := p * (1 - p) * (1/n + 1/m) * max(1, dispersion)
	if variance <= 0 {
		return 1
	}
	distance := max(0, math.Abs(x/n-y/m)-(1/n+1/m)/2)
	return tail(distance / math.Sqrt(variance))
}

// dispersion returns Pearson's dispersion: the factor by which the counts hits[i] of
// calls[i] vary more than if all calls were independent and had the same chance. It is
// at least 1.
func dispersion(hits, calls []float64) float64 {
	var x, n float64
	for i := range hits {
		x += hits[i]
		n += calls[i]
	}
	p := x / n
	if n == 0 || p <= 0 || p >= 1 || len(hits) < 2 {
		return 1
	}
	chi := 0.0
	for i := range hits {
		if calls[i] > 0 {
			d := hits[i] - calls[i]*p
			chi += d * d / (calls[i] * p * (1 - p))
		}
	}
	return max(1, chi/float64(len(hits)-1))
}

// holm corrects p-values for their number, in place. Afterwards, the chance that any
// equal figure has a p-value below a level is at most that level.
func holm(p []*float64) {
	slices.SortFunc(p, func(a, b *float64) int { return cmp.Compare(*a, *b) })
	least := 0.0
	for i, x := range p {
		least = max(least, min(1, *x*float64(len(p)-i)))
		*x = least
	}
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(1, len(v)))
}

// median returns the middle of v, which it does not change; 0 of nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func length[T any](parts [][]T) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}
