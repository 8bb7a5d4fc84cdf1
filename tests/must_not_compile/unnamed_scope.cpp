// error: ignoring return value of ‘croton::ScopedConfig::ScopedConfig(std::string_view, croton::Where)’, declared with attribute ‘nodiscard’: ‘name it: const ScopedConfig scope{...};’ [-Werror=unused-result]
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  ScopedConfig("floatX=float32");
}
