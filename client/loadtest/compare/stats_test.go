package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// alone makes each value a part, so that no value has a neighbour.
func alone(v ...float64) [][]float64 { return slices.Collect(slices.Chunk(v, 1)) }

func TestMannWhitney(t *testing.T) {
	for name, test := range map[string]struct {
		a, b [][]float64
		want float64
	}{
		"apart":       {alone(1, 2, 3, 4, 5), alone(6, 7, 8, 9, 10), 0.012186},
		"other way":   {alone(6, 7, 8, 9, 10), alone(1, 2, 3, 4, 5), 0.012186},
		"ties":        {alone(1, 2, 2, 3, 4), alone(2, 3, 4, 5, 5), 0.135099},
		"one value":   {alone(3, 3, 3, 3, 3), alone(3, 3, 3, 3, 3), 1},
		"two values":  {alone(3, 3, 3, 3, 3), alone(4, 4, 4, 4, 4), 0.003977},
		"same values": {alone(1, 2, 3, 4, 5), alone(1, 2, 3, 4, 5), 1},
	} {
		if got := mannWhitney(test.a, test.b); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("mannWhitney(%s) = %.6f; want %.6f", name, got, test.want)
		}
	}
}

func TestDesignEffect(t *testing.T) {
	for name, test := range map[string]struct {
		rho        float64
		least, top float64
	}{
		"independent": {0, 1, 1.2},
		"AR(1) 0.5":   {0.5, 2.5, 3.5},  // 3 in theory
		"AR(1) 0.8":   {0.8, 7.5, 10.5}, // 9
		"contrary":    {-0.5, 1, 1},
	} {
		v := ar1(rand.New(rand.NewPCG(1, 2)), 4000, test.rho)
		if got := designEffect([][]float64{v}); got < test.least || got > test.top {
			t.Errorf("designEffect(%s) = %.2f; want %v to %v", name, got, test.least, test.top)
		}
	}
	if got := designEffect([][]float64{{2, 2, 2}, {2, 2}}); got != 1 {
		t.Errorf("designEffect(constant) = %v; want 1", got)
	}
}

func TestTwoProportions(t *testing.T) {
	for name, test := range map[string]struct {
		x, n, y, m, dispersion, want float64
	}{
		"plain":     {15, 50, 25, 50, 1, 0.066193},
		"dispersed": {15, 50, 25, 50, 4, 0.358326},
		"none":      {0, 50, 0, 50, 1, 1},
		"all":       {50, 50, 50, 50, 1, 1},
	} {
		if got := twoProportions(test.x, test.n, test.y, test.m, test.dispersion); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("twoProportions(%s) = %.6f; want %.6f", name, got, test.want)
		}
	}
}

func TestDispersion(t *testing.T) {
	for name, test := range map[string]struct {
		hits, calls []float64
		want        float64
	}{
		"even":     {[]float64{5, 5, 5}, []float64{100, 100, 100}, 1},
		"a burst":  {[]float64{0, 0, 30}, []float64{100, 100, 100}, 33.333},
		"no calls": {[]float64{0, 0}, []float64{0, 0}, 1},
		"none":     {[]float64{0, 0}, []float64{9, 9}, 1},
		"nothing":  {nil, nil, 1},
	} {
		if got := dispersion(test.hits, test.calls); math.Abs(got-test.want) > 1e-3 {
			t.Errorf("dispersion(%s) = %v; want %v", name, got, test.want)
		}
	}
}

func TestHolm(t *testing.T) {
	p := []float64{0.04, 0.01, 0.03, 0.9}
	holm([]*float64{&p[0], &p[1], &p[2], &p[3]})
	for i := range p {
		p[i] = math.Round(p[i]*1e9) / 1e9
	}
	if diff := cmp.Diff([]float64{0.09, 0.04, 0.09, 0.9}, p); diff != "" {
		t.Errorf("holm(0.04, 0.01, 0.03, 0.9): (-want +got)\n%s", diff)
	}
}

// ar1 returns a series of variance 1. The correlation of its neighbours is rho.
func ar1(r *rand.Rand, n int, rho float64) []float64 {
	v := make([]float64, n)
	x := r.NormFloat64()
	for i := range v {
		v[i] = x
		x = rho*x + math.Sqrt(1-rho*rho)*r.NormFloat64()
	}
	return v
}
