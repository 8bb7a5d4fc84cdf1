// The references of the incomplete gamma and beta functions, against mpmath at 60 digits.
#include <cmath>

#include "catch.h"
#include "expr/reference.h"

using namespace croton::expr;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity(), none = std::numeric_limits<Real>::quiet_NaN();

/// Nearer than half a unit in the last place of float64.
bool close(Real got, Real want) { return std::fabs(got - want) <= 5e-17L * std::fabs(want); }

}  // namespace

TEST_CASE("the references of gammainc and gammaincc are mpmath's") {
  struct Row {
    double a, x;
    Real lower, upper;
  };
  const Row rows[] = {
      {1e-300, 1.164, 1.0L, 1.677505614711756741246e-301L},
      {1e-10, 1.2, 0.999999999984159156313L, 1.58408436869853107367e-11L},
      {0.001, 1.224, 0.9998473058706693584984L, 0.0001526941293306415015903L},
      {0.1, 1.56, 0.9895877499022467735794L, 0.01041225009775322642064L},
      {0.5, 3.0, 0.9856941215645703604742L, 0.01430587843542963952585L},
      {1.49, 0.00149, 0.00004645872200866202640063L, 0.9999535412779913379736L},
      {1.51, 0.45299999999999996, 0.1732740914556709807864L, 0.8267259085443290192136L},
      {3.7, 2.9600000000000004, 0.4064848091926526511484L, 0.5935151908073473488516L},
      {7.99, 7.7503, 0.5131184138603337877442L, 0.4868815861396662122558L},
      {8.01, 8.01, 0.5470098010484954132456L, 0.4529901989515045867544L},
      {19.5, 19.89, 0.5648145284238471299034L, 0.4351854715761528700966L},
      {60.0, 78.0, 0.9848909868583973995618L, 0.01510901314160260043818L},
      {179.0, 447.5, 1.0L, 8.293130931982258236859e-48L},
      {2001.0, 1643.1396920584793, 7.557750860946174485732e-18L, 0.9999999999999999924422L},
      {100000.0, 99367.54446796632, 0.02257912822001476924442L, 0.9774208717799852307556L},
      {300000000.0, 299994803.8475773, 0.3820952570609404959286L, 0.6179047429390595040714L},
      {10000000000000.0, 9999905131670.195, 4.892768997024143838337e-198L, 1.0L},
      {10000000000000.0, 10000000000000.0, 0.500000042052208700336L, 0.499999957947791299664L},
      {10000000000000.0, 10000079056941.504, 1.0L, 3.061735232970145506547e-138L},
  };
  for (const Row& r : rows) {
    INFO(r.a << ", " << r.x);
    CHECK(close(incomplete_gamma(r.a, r.x, false), r.lower));
    CHECK(close(incomplete_gamma(r.a, r.x, true), r.upper));
  }
}

TEST_CASE("the reference of betainc is mpmath's") {
  struct Row {
    double a, b, x;
    Real value;
  };
  const Row rows[] = {
      {1e-300, 2.0, 0.3, 1.0L},
      {2.5, 1e-300, 0.7, 3.56108843887838709846e-301L},
      {5.0, 1e-300, 0.93, 8.41678034432778606054e-301L},
      {0.5, 0.5, 0.2, 0.295167235300866557186L},
      {0.01, 0.02, 0.5, 0.666719461041272197173L},
      {3.0, 1.0, 0.25, 0.015625L},
      {2.0, 3.0, 0.9, 0.996300000000000002398L},
      {1.6, 0.7, 0.93, 0.780520727305309979623L},
      {8.01, 40.0, 0.1, 0.0921619931466112762664L},
      {40.0, 8.01, 0.75, 0.0711985008966602173857L},
      {100.0, 0.02, 0.93, 0.00000189712505263524066376L},
      {100.0, 365.0, 0.2, 0.217048756673021682514L},
      {300.0, 300.0, 0.55, 0.992948413891036894131L},
      {361.0, 361.0, 0.45, 0.00354243918437661330018L},
      {3000.0, 2500.0, 0.56, 0.984989741200313875585L},
      {1e6, 1e5, 0.9102, 0.999975494749867523426L},
      {1e12, 1e13, 0.09090895, 0.052011620765348837373L},
      {1e5, 5.0, 0.99999, 0.996339769950348818525L},
  };
  for (const Row& r : rows) {
    INFO(r.a << ", " << r.b << ", " << r.x);
    CHECK(close(incomplete_beta(r.a, r.b, r.x), r.value));
  }
}

TEST_CASE("incomplete functions have SciPy's values where a parameter is 0 or infinite, and NaN outside") {
  const auto same = [](Real a, Real b) { return std::isnan(a) ? std::isnan(b) : a == b; };
  const Real gamma[][3] = {{0, 0, none}, {0, 1, 1},        {0, inf, 1},   {2, 0, 0},     {2, inf, 1},    {inf, 0, 0},
                           {inf, 1, 0},  {inf, inf, none}, {-1, 2, none}, {2, -1, none}, {none, 1, none}};
  for (const auto& [a, x, lower] : gamma) {
    INFO(a << ", " << x);
    CHECK(same(incomplete_gamma(a, x, false), lower));
    CHECK(same(incomplete_gamma(a, x, true), 1 - lower));
  }
  const Real beta[][4] = {{0, 0, 0.3L, none},     {0, 1, 0, 0},        {0, 1, 0.3L, 1},     {1, 0, 0.3L, 0},
                          {1, 0, 1, 1},           {1, 1, 0.3L, 0.3L},  {1, inf, 0.3L, 1},   {inf, 1, 0.3L, 0},
                          {inf, inf, 0.3L, none}, {-1, 1, 0.3L, none}, {1, -1, 0.3L, none}, {1, 1, -0.1L, none},
                          {1, 1, 1.1L, none},     {0, inf, 0.3L, 1},   {1, 1, none, none}};
  for (const auto& [a, b, x, value] : beta) {
    INFO(a << ", " << b << ", " << x);
    const Real got = incomplete_beta(a, b, x);
    CHECK((same(got, value) || close(got, value)));
  }
}
