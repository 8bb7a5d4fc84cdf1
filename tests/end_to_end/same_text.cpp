// Prints the generated text of one function. With an argument, numbers are written with a decimal comma where a locale
// is asked.
#include <croton.h>

#include <clocale>
#include <iostream>
#include <locale>

using namespace croton;

struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

int main(int argc, char**) {
  if (argc > 1) {
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", ""})
      if (std::setlocale(LC_ALL, name)) break;
    std::locale::global(std::locale(std::locale(), new Comma));
  }
  const Tensor x = matrix("x"), y = lvector("y");
  const Shared w = shared(Array::zeros({1000, 3}), "w"), b = shared(Array::zeros({3}), "b");
  const Tensor loss =
      -mean(log(softmax(dot(tanh(x), w) * 0.1 + b + 1234.5678))(arange(y.shape(0)), y)) + 1e-30 * sum(sqr(w));
  const auto [dw, db] = grad(loss, {w, b});
  const Function f = function({x, y}, loss, {{w, w - 0.3 * dw}, {b, b - 12345.678 * db}});
  f.compile({{100, 1000}, {100}});
  std::locale::global(std::locale::classic());
  std::cout << f.source() << f.explain();
}
