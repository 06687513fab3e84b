// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/layer_products.hpp"

#include <cublasLt.h>
#include <dlfcn.h>

#include <map>
#include <type_traits>
#include <utility>

#include "brood/error.hpp"

namespace brood::cuda {

namespace {

// Recommended for Hopper (cuBLAS documentation, "cublasSetWorkspace"); less suffices elsewhere.
constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

// Matrices begin at multiples of so many elements of their tensor (TileLayout, LayerBuffers); a
// tensor at multiples of 256 bytes. Left to itself the library takes 256 bytes for granted.
constexpr std::uint32_t kAlignedElements = 16;

// The functions of cublasLt that are used, by their own types.
struct Library {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtGetStatusString) status_string;
  decltype(&cublasLtMatmulDescCreate) desc_create;
  decltype(&cublasLtMatmulDescDestroy) desc_destroy;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatrixLayoutDestroy) layout_destroy;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&cublasLtMatmul) matmul;
  std::string problem;  // why it cannot be used; empty: it can
};

template <class F>
void find(void* library, char const* name, F& function, std::string& problem) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr && problem.empty())
    problem = std::string("cublasLt has no ") + name + " (a version from 12 on is needed)";
}

// Opened once, and kept.
Library const& library() {
  static Library const opened = [] {
    Library lib{};
    void* handle = nullptr;
    for (char const* const name : {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so",
                                   "/usr/local/cuda/lib64/libcublasLt.so"}) {
      if (handle == nullptr) handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    if (handle == nullptr) {
      char const* const reason = dlerror();
      lib.problem = std::string("cublasLt cannot be opened: ") + (reason ? reason : "not found");
      return lib;
    }
    find(handle, "cublasLtCreate", lib.create, lib.problem);
    find(handle, "cublasLtDestroy", lib.destroy, lib.problem);
    find(handle, "cublasLtGetStatusString", lib.status_string, lib.problem);
    find(handle, "cublasLtMatmulDescCreate", lib.desc_create, lib.problem);
    find(handle, "cublasLtMatmulDescDestroy", lib.desc_destroy, lib.problem);
    find(handle, "cublasLtMatmulDescSetAttribute", lib.desc_set, lib.problem);
    find(handle, "cublasLtMatrixLayoutCreate", lib.layout_create, lib.problem);
    find(handle, "cublasLtMatrixLayoutDestroy", lib.layout_destroy, lib.problem);
    find(handle, "cublasLtMatmulPreferenceCreate", lib.preference_create, lib.problem);
    find(handle, "cublasLtMatmulPreferenceDestroy", lib.preference_destroy, lib.problem);
    find(handle, "cublasLtMatmulPreferenceSetAttribute", lib.preference_set, lib.problem);
    find(handle, "cublasLtMatmulAlgoGetHeuristic", lib.heuristic, lib.problem);
    find(handle, "cublasLtMatmul", lib.matmul, lib.problem);
    return lib;
  }();
  return opened;
}

void check(cublasStatus_t status, char const* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string(call) + ": " + library().status_string(status));
}

struct Destroy {
  void operator()(cublasLtMatmulDesc_t desc) const { library().desc_destroy(desc); }
  void operator()(cublasLtMatrixLayout_t matrix) const { library().layout_destroy(matrix); }
};
using Desc = std::unique_ptr<std::remove_pointer_t<cublasLtMatmulDesc_t>, Destroy>;
using Matrix = std::unique_ptr<std::remove_pointer_t<cublasLtMatrixLayout_t>, Destroy>;

// A product of one shape, ready to run. cublasLt's matrices are column by column: ours, row by row,
// are their transposes, so every product is computed as the transpose of what is asked for, with
// the operands in the other order.
class Plan {
 public:
  Plan(cublasLtHandle_t handle, Precision precision, Product product, ProductShape const& shape) {
    bool const bf16 = precision == Precision::bf16;
    cublasComputeType_t const compute =
        precision == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    cudaDataType_t const operand = bf16 ? CUDA_R_16BF : CUDA_R_32F;
    cublasLtMatmulDesc_t desc = nullptr;
    check(library().desc_create(&desc, compute, CUDA_R_32F), "cublasLtMatmulDescCreate");
    desc_.reset(desc);
    // As cublasLt sees it: `a` is our right operand, `b` our left one.
    auto const [rows, inputs, outputs] = shape;
    int m = outputs, n = rows;  // of the result
    int a_rows = inputs, a_columns = outputs, b_rows = inputs, b_columns = rows;
    cublasOperation_t a_op = CUBLAS_OP_T, b_op = CUBLAS_OP_N;
    if (product == Product::delta) {
      m = inputs;
      b_rows = outputs;
      a_op = CUBLAS_OP_N;
    } else if (product == Product::weight) {
      m = inputs;
      n = outputs;
      a_columns = rows;
      b_rows = outputs;
      a_op = CUBLAS_OP_N;
      b_op = CUBLAS_OP_T;
    }
    set(CUBLASLT_MATMUL_DESC_TRANSA, a_op);
    set(CUBLASLT_MATMUL_DESC_TRANSB, b_op);
    a_ = matrix(operand, a_rows, a_columns);
    b_ = matrix(operand, b_rows, b_columns);
    result_ = matrix(CUDA_R_32F, m, n);
    choose(handle, kAlignedElements * (bf16 ? 2 : 4));
  }

  void run(cublasLtHandle_t handle, void const* left, void const* right, float* result,
           void* workspace, cudaStream_t stream) const {
    float const one = 1.0f, zero = 0.0f;
    check(library().matmul(handle, desc_.get(), &one, right, a_.get(), left, b_.get(), &zero,
                           result, result_.get(), result, result_.get(), &algorithm_, workspace,
                           kWorkspaceBytes, stream),
          "cublasLtMatmul");
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, T const& value) {
    check(library().desc_set(desc_.get(), attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  static Matrix matrix(cudaDataType_t type, int rows, int columns) {
    cublasLtMatrixLayout_t made = nullptr;
    check(library().layout_create(&made, type, static_cast<std::uint64_t>(rows),
                                  static_cast<std::uint64_t>(columns), rows),
          "cublasLtMatrixLayoutCreate");
    return Matrix(made);
  }
  // The first of the library's proposals that reduces nothing across blocks, for operands that are
  // aligned to so many bytes.
  void choose(cublasLtHandle_t handle, std::uint32_t operand_bytes) {
    cublasLtMatmulPreference_t preference = nullptr;
    check(library().preference_create(&preference), "cublasLtMatmulPreferenceCreate");
    std::size_t const workspace = kWorkspaceBytes;
    std::uint32_t const whole = CUBLASLT_REDUCTION_SCHEME_NONE;
    cublasLtMatmulHeuristicResult_t proposal{};
    int proposals = 0;
    cublasStatus_t status = library().preference_set(
        preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
    if (status == CUBLAS_STATUS_SUCCESS) {
      status = library().preference_set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                        &whole, sizeof whole);
    }
    std::uint32_t const result_bytes = kAlignedElements * sizeof(float);
    for (auto const& [attribute, bytes] :
         {std::pair{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, operand_bytes},
          std::pair{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, operand_bytes},
          std::pair{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, result_bytes},
          std::pair{CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, result_bytes}}) {
      if (status == CUBLAS_STATUS_SUCCESS)
        status = library().preference_set(preference, attribute, &bytes, sizeof bytes);
    }
    if (status == CUBLAS_STATUS_SUCCESS) {
      status = library().heuristic(handle, desc_.get(), a_.get(), b_.get(), result_.get(),
                                   result_.get(), preference, 1, &proposal, &proposals);
    }
    library().preference_destroy(preference);
    check(status, "cublasLtMatmulAlgoGetHeuristic");
    if (proposals == 0) throw DeviceError("cublasLtMatmulAlgoGetHeuristic: no algorithm was found");
    algorithm_ = proposal.algo;
  }

  Desc desc_;
  Matrix a_, b_, result_;
  cublasLtMatmulAlgo_t algorithm_{};
};

class CublasProducts final : public LayerProducts {
 public:
  CublasProducts(Device& device, Precision precision) : device_(device), precision_(precision) {
    if (!library().problem.empty()) throw DeviceError(library().problem);
    check(library().create(&handle_), "cublasLtCreate");
    try {
      workspace_ = device_.allocate(kWorkspaceBytes);
    } catch (...) {
      library().destroy(handle_);
      throw;
    }
  }
  ~CublasProducts() override {
    plans_.clear();
    device_.release(workspace_);
    library().destroy(handle_);
  }

  void multiply(Product product, ProductShape const& shape, void const* left, void const* right,
                float* result) override {
    auto found = plans_.find({product, shape});
    if (found == plans_.end()) {
      auto plan = std::make_unique<Plan>(handle_, precision_, product, shape);
      found = plans_.emplace(std::pair{product, shape}, std::move(plan)).first;
    }
    found->second->run(handle_, left, right, result, workspace_, device_.stream());
  }

 private:
  Device& device_;
  Precision precision_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::map<std::pair<Product, ProductShape>, std::unique_ptr<Plan>> plans_;
};

}  // namespace

std::unique_ptr<LayerProducts> LayerProducts::open(Device& device, Precision precision) {
  return std::make_unique<CublasProducts>(device, precision);
}

std::string layer_products_problem() {
  return library().problem;
}

}  // namespace brood::cuda
